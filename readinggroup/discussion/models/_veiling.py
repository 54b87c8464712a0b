"""The trigger on comments that lays what is said under the veil above its place, if there is one."""

import pgtrigger

# It comes before the trigger that numbers comments (they fire in the order of their names), since veils are held before
# counters. Whatever somebody sets: under a veil nothing is visible, and without one nothing is veiled.
COMES_UNDER_A_VEIL = pgtrigger.Trigger(
    name="comes_under_a_veil",
    level=pgtrigger.Row,
    when=pgtrigger.Before,
    operation=pgtrigger.Insert | pgtrigger.UpdateOf("state", "withdrawn_from", "veil_id"),
    func="""
        IF TG_OP = 'INSERT' THEN
            SELECT veil.id INTO NEW.veil_id FROM readings_veil veil
            WHERE veil.reading_id = NEW.reading_id AND veil.opened_at IS NULL AND (
                EXISTS (
                    SELECT FROM readings_veiledparagraph here
                    WHERE here.veil_id = veil.id AND here.paragraph_id = NEW.paragraph_id
                )
                OR veil.id = (SELECT asked.veil_id FROM discussion_comment asked WHERE asked.id = NEW.parent_id)
            )
            ORDER BY veil.id LIMIT 1 FOR KEY SHARE OF veil;
        END IF;
        IF NEW.veil_id IS NOT NULL THEN
            NEW.state := CASE NEW.state WHEN 'visible' THEN 'veiled' ELSE NEW.state END;
            NEW.withdrawn_from := CASE NEW.withdrawn_from WHEN 'visible' THEN 'veiled' ELSE NEW.withdrawn_from END;
        ELSE
            NEW.state := CASE NEW.state WHEN 'veiled' THEN 'visible' ELSE NEW.state END;
            NEW.withdrawn_from := CASE NEW.withdrawn_from WHEN 'veiled' THEN 'visible' ELSE NEW.withdrawn_from END;
        END IF;
        RETURN NEW;
    """,
)
