"""x"""

from . import series_views

plan = series_views.make_series
