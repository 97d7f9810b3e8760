from __future__ import annotations

from django.db import models


class Book(models.Model):
    author = models.ForeignKey("authors.Author", on_delete=models.CASCADE)
    title = models.CharField(max_length=50)
    country = models.CharField(max_length=2, null=True)
