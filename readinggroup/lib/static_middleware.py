"""Styles and scripts, served also to pages that another release of the site has sent."""

import re
from pathlib import Path

from whitenoise.base import IsDirectoryError, MissingFileError
from whitenoise.middleware import WhiteNoiseMiddleware

HASHED = re.compile(r"\.[0-9a-f]{12}(?=\.\w+$)")


class StaticFilesMiddleware(WhiteNoiseMiddleware):
    """While a release is replaced, pages of both are open, and either web server may be asked for the other's files.

    WhiteNoise knows those that were there when it started. For others the disk is looked at (both releases may collect
    into one folder), and then the file of that name as it is here is given: a style of another release is better than
    none. Neither is kept by browsers for longer than a minute.
    """

    def __call__(self, request):
        path = request.path_info
        if not self.autorefresh and path not in self.files and path.startswith(self.static_prefix):
            other = self.on_disk(path) or self.files.get(HASHED.sub("", path))
            if other is not None:
                return self.serve(other, request)
        return super().__call__(request)

    def on_disk(self, path):
        """What was collected since this process started; None if there is no such file."""
        root = f"{Path(self.static_root).absolute()}/"
        place = root + path.removeprefix(self.static_prefix)
        if not self.url_is_canonical(path) or not self.path_is_child_of(place, root):
            return None
        try:
            return self.find_file_at_path(place, path)
        except (MissingFileError, IsDirectoryError):
            return None
