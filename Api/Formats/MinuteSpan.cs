using NodaTime;

namespace Api.Formats;

/// <summary>A stretch of a day in minutes since its midnight. A night ends after minute 1440.</summary>
readonly record struct MinuteSpan(int From, int To)
{
    public const int MinutesOfDay = 24 * 60;

    public static MinuteSpan Of(Period period)
    {
        var closes = CountMinutes(period.Closes);
        return new MinuteSpan(CountMinutes(period.Opens), period.EndsNextDay ? closes + MinutesOfDay : closes);
    }

    /// <summary>Sorts spans and joins those that touch or overlap.</summary>
    public static IReadOnlyList<MinuteSpan> Merge(IEnumerable<MinuteSpan> spans)
    {
        var merged = new List<MinuteSpan>();
        foreach (var span in spans.OrderBy(span => span.From))
        {
            if (merged is [.., var last] && span.From <= last.To)
                merged[^1] = last with { To = Math.Max(last.To, span.To) };
            else
                merged.Add(span);
        }
        return merged;
    }

    static int CountMinutes(LocalTime time) => (time.Hour * 60) + time.Minute;
}
