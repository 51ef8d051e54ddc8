using System.Globalization;

namespace Api.Formats;

/// <summary>
/// The hours from one midnight to the next, as <c>opening_hours</c> writes them: <c>08:00-12:00,13:00-17:00</c>.
/// </summary>
/// <param name="Open">The open times; empty if there are none.</param>
/// <param name="Unknown">The times for which the hours are not known; empty if all are known.</param>
/// <param name="Closed">The other times.</param>
readonly record struct OsmHoursOfDay(string Open, string Unknown, string Closed)
{
    static readonly MinuteSpan WholeDay = new(0, MinuteSpan.MinutesOfDay);

    public static readonly OsmHoursOfDay AllClosed = FromSpans([], []);
    public static readonly OsmHoursOfDay AllOpen = FromSpans([WholeDay], []);
    public static readonly OsmHoursOfDay AllUnknown = FromSpans([], [WholeDay]);

    /// <param name="before">The periods of the day before, which may run into this day.</param>
    /// <param name="periods">The periods of this day.</param>
    public static OsmHoursOfDay Of(IEnumerable<Period> before, IEnumerable<Period> periods)
    {
        var nights = before
            .WithoutTelephoneOnly()
            .Select(MinuteSpan.Of)
            .Where(span => span.To > MinuteSpan.MinutesOfDay)
            .Select(span => new MinuteSpan(0, span.To - MinuteSpan.MinutesOfDay));
        var own = periods
            .WithoutTelephoneOnly()
            .Select(MinuteSpan.Of)
            .Select(span => span with { To = Math.Min(span.To, MinuteSpan.MinutesOfDay) });
        return FromSpans([.. nights, .. own], []);
    }

    /// <summary>The hours of a day that is unknown but for some stretches.</summary>
    public static OsmHoursOfDay FromKnownStretches(IReadOnlyList<KnownStretch> known) =>
        FromSpans(
            [.. known.Where(stretch => stretch.IsOpen).Select(stretch => stretch.Span)],
            FindGaps(known.Select(stretch => stretch.Span))
        );

    static OsmHoursOfDay FromSpans(MinuteSpan[] open, MinuteSpan[] unknown) =>
        new(Format(MinuteSpan.Merge(open)), Format(MinuteSpan.Merge(unknown)), Format(FindGaps([.. open, .. unknown])));

    static MinuteSpan[] FindGaps(IEnumerable<MinuteSpan> spans)
    {
        var merged = MinuteSpan.Merge(spans);
        var starts = merged.Select(span => span.To).Prepend(WholeDay.From);
        var ends = merged.Select(span => span.From).Append(WholeDay.To);
        return [.. starts.Zip(ends, (from, to) => new MinuteSpan(from, to)).Where(gap => gap.From < gap.To)];
    }

    static string Format(IEnumerable<MinuteSpan> spans) =>
        string.Join(",", spans.Select(span => $"{FormatTime(span.From)}-{FormatTime(span.To)}"));

    static string FormatTime(int minutes) =>
        string.Create(CultureInfo.InvariantCulture, $"{minutes / 60:00}:{minutes % 60:00}");
}
