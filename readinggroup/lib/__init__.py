"""Small tools that know nothing of this site: each could be lifted into another project as it stands."""
