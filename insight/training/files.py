"""Files of the lake as the ranks open them: through Arrow, without Spark."""

import re

from pyarrow import fs


def opened(url: str) -> tuple[fs.FileSystem, str]:
    """The file system of a URL, and the path on it; Hadoop's names for storage are known too."""
    # Hadoop writes file:/x and s3a://bucket where others write file:///x and s3://bucket.
    known = re.sub(r"^file:/(?!/)", "file:///", re.sub(r"^s3[an]://", "s3://", url))
    storage, path = fs.FileSystem.from_uri(known)
    return storage, path
