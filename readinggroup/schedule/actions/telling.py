"""What notices tell of a session."""


def facts_of(session) -> dict:
    """The session's group, title and time: what `{% told_time %}` puts into words in the reader's zone."""
    return {
        "group": session.reading.group.name,
        "title": session.title,
        "starts_at": session.starts_at.isoformat() if session.starts_at else "",
        "ends_at": session.ends_at.isoformat() if session.ends_at else "",
        "zone": session.zone,
        "all_day": session.all_day,
    }
