// Quoting: see the first lines of this file once it is written.
