//! What travels: JSON shapes, headers, errors; checked conversions to and from the domain.
