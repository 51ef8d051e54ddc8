using NodaTime;

namespace Api.Hours;

/// <summary>The weekly hours of a location.</summary>
/// <param name="Location">The location's slug.</param>
/// <param name="TimeZone">The IANA time zone that all times of day are local to.</param>
/// <param name="Days">All seven days from Monday on; <c>null</c> when the hours are not known, which is not the same as closed.</param>
/// <param name="Text">The same for people: <c>Monday to Friday 8:00 am–5:00 pm; Saturday and Sunday closed</c>.</param>
public sealed record LocationHours(string Location, string TimeZone, IReadOnlyList<DayHours>? Days, string Text);

/// <summary>The hours of one day of the week.</summary>
/// <param name="Day">The day of the week.</param>
/// <param name="Closed">Whether the location is closed on that day, which is when there are no periods.</param>
/// <param name="Periods">The periods that open on that day, in order.</param>
public sealed record DayHours(IsoDayOfWeek Day, bool Closed, IReadOnlyList<Period> Periods);
