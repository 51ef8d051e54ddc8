using NodaTime;

namespace Api.Hours;

/// <summary>A temporary closure of a location.</summary>
/// <param name="ClosedFrom">The first local date of the closure; <c>null</c> if it is not known.</param>
/// <param name="ReopensOn">The first local date after the closure; <c>null</c> while it is not known.</param>
/// <param name="Reason">The reason for people; <c>null</c> if it is not known.</param>
public sealed record TemporaryClosure(LocalDate? ClosedFrom, LocalDate? ReopensOn, string? Reason)
{
    /// <summary>Whether a local date lies in the closure.</summary>
    internal bool Covers(LocalDate date) =>
        (ClosedFrom is not { } first || first <= date) && (ReopensOn is not { } next || date < next);

    /// <summary>
    /// The last date of the closure, which a permanent closure ends too; <c>null</c> if it has no end.
    /// </summary>
    /// <param name="closedForGoodOn">
    /// The first date on which the location is permanently closed, if there is one.
    /// </param>
    internal LocalDate? LastDate(LocalDate? closedForGoodOn)
    {
        LocalDate?[] ends = [ReopensOn, closedForGoodOn];
        return ends.Min()?.PlusDays(-1);
    }
}
