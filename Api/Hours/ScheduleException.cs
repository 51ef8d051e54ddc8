namespace Api.Hours;

/// <summary>What an exception does to its dates.</summary>
enum ExceptionEffect
{
    /// <summary>No period opens.</summary>
    Closed,

    /// <summary>The periods of the exception replace the usual ones.</summary>
    Periods,

    /// <summary>The location is closed during the one period of the exception, whatever else holds.</summary>
    ClosedPart,

    /// <summary>The weekly hours hold. This lifts a less specific exception.</summary>
    AsUsual,
}

/// <summary>A departure from the weekly hours, with its reason.</summary>
sealed record ScheduleException
{
    /// <param name="when">The dates of the exception.</param>
    /// <param name="effect">What it does to them.</param>
    /// <param name="reason">The reason for people: "Christmas Day".</param>
    /// <param name="periods">The other periods, or the closed part; empty for the other effects.</param>
    /// <param name="clinicWide">
    /// Whether it holds at every location. An exception of one location is more specific.
    /// </param>
    /// <exception cref="ArgumentException">The number of periods does not fit the effect.</exception>
    public ScheduleException(
        DateRule when,
        ExceptionEffect effect,
        string reason,
        IReadOnlyList<Period> periods,
        bool clinicWide
    )
    {
        var fits = effect switch
        {
            ExceptionEffect.Periods => periods.Count > 0,
            ExceptionEffect.ClosedPart => periods.Count == 1,
            _ => periods.Count == 0,
        };
        if (!fits)
            throw new ArgumentException($"{periods.Count} periods do not fit the effect {effect}.");
        (When, Effect, Reason, ClinicWide) = (when, effect, reason, clinicWide);
        Periods = [.. periods.OrderBy(period => period.Opens)];
    }

    public DateRule When { get; }
    public ExceptionEffect Effect { get; }
    public string Reason { get; }
    public IReadOnlyList<Period> Periods { get; }
    public bool ClinicWide { get; }

    public bool IsClosedPart => Effect == ExceptionEffect.ClosedPart;
}
