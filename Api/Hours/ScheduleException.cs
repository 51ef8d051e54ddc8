namespace Api.Hours;

/// <summary>What an exception makes of the days on which it holds.</summary>
enum ExceptionEffect
{
    /// <summary>No period opens.</summary>
    Closed,

    /// <summary>The exception's periods open in place of the usual ones.</summary>
    Periods,

    /// <summary>Whatever else holds, it is closed during the exception's one period.</summary>
    ClosedPart,

    /// <summary>The weekly hours hold, which lifts a less specific exception.</summary>
    AsUsual,
}

/// <summary>A departure from the weekly hours, with its reason.</summary>
sealed record ScheduleException
{
    /// <param name="when">On which days.</param>
    /// <param name="effect">What happens on them.</param>
    /// <param name="reason">Why, in words for people: "Christmas Day".</param>
    /// <param name="periods">The other periods, or the one that is closed; none for the other effects.</param>
    /// <param name="clinicWide">Whether it is every location's, and not one's own, which would be more specific.</param>
    /// <exception cref="ArgumentException">The effect needs periods and has none, or has some and needs none.</exception>
    public ScheduleException(DateRule when, ExceptionEffect effect, string reason, IReadOnlyList<Period> periods, bool clinicWide)
    {
        var fits = effect switch
        {
            ExceptionEffect.Periods => periods.Count > 0,
            ExceptionEffect.ClosedPart => periods.Count == 1,
            _ => periods.Count == 0,
        };
        if (!fits) throw new ArgumentException("Other periods are one or more, a closed part is one, and all else has none.");
        (When, Effect, Reason, ClinicWide) = (when, effect, reason, clinicWide);
        Periods = [.. periods.OrderBy(period => period.Opens)];
    }

    public DateRule When { get; }
    public ExceptionEffect Effect { get; }
    public string Reason { get; }
    public IReadOnlyList<Period> Periods { get; }
    public bool ClinicWide { get; }
}
