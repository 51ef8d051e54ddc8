using System.Globalization;
using NodaTime;

namespace Api.Formats;

/// <summary>What holds between one midnight and the next, as <c>opening_hours</c> has it: <c>08:00-12:00,13:00-17:00</c>.</summary>
/// <param name="Open">When it is open; empty when it is not.</param>
/// <param name="Unknown">When it is not known whether it is open; empty when all is known.</param>
/// <param name="Closed">The rest of the day.</param>
readonly record struct OsmHoursOfDay(string Open, string Unknown, string Closed)
{
    const int Midnight = 24 * 60;

    public static readonly OsmHoursOfDay AllClosed = OfSpans([], []), AllOpen = OfSpans([(0, Midnight)], []), AllUnknown = OfSpans([], [(0, Midnight)]);

    /// <param name="before">The periods of the day before, which may run into this one.</param>
    /// <param name="periods">The periods of this day.</param>
    public static OsmHoursOfDay Of(IEnumerable<Period> before, IEnumerable<Period> periods)
    {
        var nights = before.Seen().Where(period => period.EndsNextDay).Select(period => (From: 0, To: Minutes(period.Closes)));
        var own = periods.Seen().Select(period => (From: Minutes(period.Opens), To: period.EndsNextDay ? Midnight : Minutes(period.Closes)));
        return OfSpans([.. nights.Where(night => night.To > 0), .. own], []);
    }

    /// <param name="known">What is known of a day whose hours are not.</param>
    public static OsmHoursOfDay Of(IReadOnlyList<KnownStretch> known) =>
        OfSpans([.. known.Where(stretch => stretch.IsOpen).Select(stretch => (stretch.From, stretch.To))],
            Between([.. known.Select(stretch => (stretch.From, stretch.To))]));

    static OsmHoursOfDay OfSpans((int, int)[] open, (int, int)[] unknown) =>
        new(Text(Merge(open)), Text(Merge(unknown)), Text(Between([.. open, .. unknown])));

    static List<(int From, int To)> Merge((int From, int To)[] spans)
    {
        var merged = new List<(int From, int To)>();
        foreach (var span in spans.Order())
        {
            if (merged is [.., var last] && span.From <= last.To) merged[^1] = last with { To = Math.Max(last.To, span.To) };
            else merged.Add(span);
        }
        return merged;
    }

    // The rest of the day.
    static (int From, int To)[] Between((int From, int To)[] spans)
    {
        var merged = Merge(spans);
        var from = merged.Select(span => span.To).Prepend(0);
        var to = merged.Select(span => span.From).Append(Midnight);
        return [.. from.Zip(to).Where(span => span.First < span.Second)];
    }

    static string Text(IEnumerable<(int From, int To)> spans) => string.Join(",", spans.Select(span => $"{Text(span.From)}-{Text(span.To)}"));

    static string Text(int minutes) => string.Create(CultureInfo.InvariantCulture, $"{minutes / 60:00}:{minutes % 60:00}");

    static int Minutes(LocalTime time) => (time.Hour * 60) + time.Minute;
}
