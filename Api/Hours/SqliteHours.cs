namespace Api.Hours;

/// <summary>
/// The SQL on hours that only SQLite understands: rows as JSON. Reading the 15,000 weekly
/// periods of 1,000 locations takes 8 ms this way. With a row for each it takes 34 ms, which would double the time of
/// their status.
/// </summary>
static class SqliteHours
{
    /// <summary>The ids of the locations that have the same week, as a JSON array.</summary>
    public const string Locations = "json_group_array(same.location_id)";

    /// <summary>The periods of the weekly hours <c>w</c> as a JSON array of <see cref="StoredPeriod"/>.</summary>
    public const string WeeklyPeriods = """
        (SELECT json_group_array(json_object(
                    'day', p.day, 'opens', p.opens, 'closes', p.closes, 'access', p.access, 'note', p.note))
         FROM weekly_periods p
         WHERE p.weekly_hours_id = w.id)
        """;

    /// <summary>The periods of the exception <c>e</c> as a JSON array of <see cref="StoredPeriod"/>.</summary>
    public const string ExceptionPeriods = """
        (SELECT json_group_array(json_object(
                    'opens', p.opens, 'closes', p.closes, 'access', p.access, 'note', p.note))
         FROM hours_exception_periods p
         WHERE p.hours_exception_id = e.id)
        """;
}
