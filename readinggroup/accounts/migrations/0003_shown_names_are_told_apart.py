from django.db import migrations, models

from readinggroup.accounts.names import skeleton


def fill(apps, schema_editor):
    User = apps.get_model("accounts", "User")
    for pk, name in User.objects.values_list("pk", "display_name"):
        User.objects.filter(pk=pk).update(name_skeleton=skeleton(name))


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0002_unread_notices'),
    ]

    operations = [
        migrations.AddField(
            model_name='user',
            name='name_skeleton',
            field=models.CharField(default='', editable=False, max_length=200),
            preserve_default=False,
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.AddConstraint(
            model_name='user',
            constraint=models.CheckConstraint(condition=models.Q(('name_skeleton', ''), _negated=True), name='user_name_has_a_skeleton'),
        ),
    ]
