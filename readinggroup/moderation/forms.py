"""What is said when something is reported."""

from django import forms

from .models import Report


class ReportForm(forms.ModelForm):
    """In the reporter's own words."""

    class Meta:
        model = Report
        fields = ["words"]
        widgets = {"words": forms.Textarea(attrs={"rows": 4})}
