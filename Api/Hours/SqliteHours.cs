namespace Api.Hours;

/// <summary>
/// The SQL on hours that only SQLite understands. One text for all periods of a week takes a third of the time of a row
/// for each: the status of 1,000 locations with 15,000 periods reads them in 8 ms instead of 34 ms.
/// </summary>
static class SqliteHours
{
    /// <summary>The periods of the weekly hours <c>w</c> as a JSON array of <see cref="StoredPeriod"/>.</summary>
    public const string WeeklyPeriods =
        """
        (SELECT json_group_array(json_object(
                    'day', p.day, 'opens', p.opens, 'closes', p.closes, 'access', p.access, 'note', p.note))
         FROM weekly_periods p
         WHERE p.weekly_hours_id = w.id)
        """;

    /// <summary>The periods of the exception <c>e</c> as a JSON array of <see cref="StoredPeriod"/>.</summary>
    public const string ExceptionPeriods =
        """
        (SELECT json_group_array(json_object(
                    'opens', p.opens, 'closes', p.closes, 'access', p.access, 'note', p.note))
         FROM hours_exception_periods p
         WHERE p.hours_exception_id = e.id)
        """;
}
