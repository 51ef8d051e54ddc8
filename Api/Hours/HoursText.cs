using NodaTime;
using NodaTime.Text;

namespace Api.Hours;

/// <summary>Says weekly hours as a sign on the door would.</summary>
static class HoursText
{
    static readonly LocalTimePattern Clock = LocalTimePattern.CreateWithInvariantCulture("h:mm tt");

    /// <summary>
    /// <c>Monday to Friday 8:00 am–5:00 pm; Saturday and Sunday closed</c>: days with the same periods are said together,
    /// three or more in a row as a range.
    /// </summary>
    public static string Of(WeeklyHours? hours)
    {
        if (hours is null) return "Hours are not known";
        var groups = WeeklyHours.Week.GroupBy(day => Of(hours[day])).ToArray();
        return groups is [var one]
            ? "Every day " + one.Key
            : string.Join("; ", groups.Select(group => $"{Days([.. group])} {group.Key}"));
    }

    static string Of(IReadOnlyList<Period> periods) => periods switch
    {
        [] => "closed",
        [{ IsAllDay: true }] => "open 24 hours",
        _ => List([.. periods.Select(period => $"{Of(period.Opens)}–{Of(period.Closes)}")]),
    };

    static string Of(LocalTime time) => Clock.Format(time).ToLowerInvariant();

    static string Days(IsoDayOfWeek[] days)
    {
        var parts = new List<string>();
        for (var i = 0; i < days.Length;)
        {
            var last = i;
            while (last + 1 < days.Length && days[last + 1] == days[last] + 1) last++;
            if (last - i >= 2)
                parts.Add($"{Name(days[i])} to {Name(days[last])}");
            else
                parts.AddRange(days[i..(last + 1)].Select(Name));
            i = last + 1;
        }
        return List(parts);
    }

    static string Name(IsoDayOfWeek day) => day.ToString();

    static string List(List<string> parts) => parts.Count == 1
        ? parts[0] : $"{string.Join(", ", parts.SkipLast(1))} and {parts[^1]}";
}
