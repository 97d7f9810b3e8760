from __future__ import annotations

from django.db import models


class Item(models.Model):
    code = models.CharField(max_length=20, unique=True)
    label = models.CharField(max_length=50)
    tag = models.CharField(max_length=20, null=True)
    rack = models.CharField(max_length=10, default="A1")


class Place(models.Model):
    name = models.CharField(max_length=20)
