using System.Collections;
using Api.Hours;
using Ical.Net;
using Ical.Net.DataTypes;
using NodaTime;
using NodaTime.Extensions;

namespace Api.Formats;

/// <summary>How an event of a calendar repeats: every day, or on one day of every year.</summary>
/// <param name="YearlyRule">The rule of that day; <c>null</c> for every day.</param>
sealed record Recurrence(DateRule? YearlyRule)
{
    public static readonly Recurrence Daily = new((DateRule?)null);

    public static Recurrence Yearly(DateRule rule) => new(rule);

    /// <param name="until">The last occurrence; <c>null</c> if there is no end.</param>
    public RecurrenceRule ToRule(CalDateTime? until) =>
        YearlyRule switch
        {
            null => new RecurrenceRule(FrequencyType.Daily) { Until = until },
            DateRule.Yearly yearly => new RecurrenceRule(FrequencyType.Yearly)
            {
                Until = until,
                ByMonth = [yearly.From.Month],
                ByMonthDay = [yearly.From.Day],
            },
            DateRule.YearlyWeekday weekday => new RecurrenceRule(FrequencyType.Yearly)
            {
                Until = until,
                ByMonth = [weekday.Month],
                ByDay = [new WeekDay(weekday.Day.ToDayOfWeek(), weekday.Nth)],
            },
            _ => throw new InvalidOperationException("The rule is not yearly."),
        };
}

/// <summary>Dates that are compared by value, unlike those of an array.</summary>
sealed class DateList(IEnumerable<LocalDate> dates) : IReadOnlyCollection<LocalDate>, IEquatable<DateList>
{
    public static readonly DateList Empty = new([]);

    readonly LocalDate[] dates = [.. dates];

    public int Count => dates.Length;

    public IEnumerator<LocalDate> GetEnumerator() => dates.AsEnumerable().GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    public bool Equals(DateList? other) => other is not null && dates.SequenceEqual(other.dates);

    public override bool Equals(object? obj) => Equals(obj as DateList);

    public override int GetHashCode() => dates.Length == 0 ? 0 : HashCode.Combine(dates.Length, dates[0]);
}
