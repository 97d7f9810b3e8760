from __future__ import annotations

from django.db import models


class Account(models.Model):
    name = models.CharField(max_length=50, unique=True)
    note = models.CharField(max_length=50, null=True)
    colour = models.CharField(max_length=20, null=True)
    size = models.IntegerField(null=True)
    first = models.IntegerField(null=True)
    second = models.IntegerField(null=True)


class Entry(models.Model):
    account = models.ForeignKey(Account, on_delete=models.CASCADE)
    amount = models.IntegerField()
