from . import read


def read_bounded(source, **options):
    return read(source, **options)
