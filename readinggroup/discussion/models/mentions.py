"""Who is called by name in a comment."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from .comments import Comment


class Mention(models.Model):
    """A comment calls a member of its group by name ("@Mara"). Its words stay as typed.

    Resolved when the comment is written and when it is reworded, by how the group called its members at that moment.
    """

    comment = models.ForeignKey(Comment, on_delete=models.PROTECT, related_name="mentions")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="mentions")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["comment", "user"], name="mention_once")]

    def __str__(self):
        return f"{self.user_id} in {self.comment_id}"
