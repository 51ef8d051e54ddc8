namespace Api.Formats;

/// <summary>An answer in the format of another system, and what that format cannot express.</summary>
/// <param name="Body">The answer.</param>
/// <param name="NotExpressed">
/// The parts that the format cannot express, for the header <c>Not-Expressed</c>; empty if there are none.
/// </param>
sealed record Formatted<T>(T Body, IReadOnlyCollection<NotExpressed> NotExpressed);

/// <summary>What a format may be unable to express.</summary>
enum NotExpressed
{
    /// <summary>Hours that are not known. The format has no hours then, which readers may take for closed.</summary>
    UnknownHours,

    /// <summary>Whether patients are seen with or without an appointment.</summary>
    AccessModes,

    /// <summary>Periods in which only the telephone is answered.</summary>
    TelephoneOnly,

    /// <summary>The notes of periods.</summary>
    Notes,

    /// <summary>The reasons of exceptions.</summary>
    Reasons,

    /// <summary>
    /// Weekly hours that begin on a later date, on a date more than a year away, or for which there is no room.
    /// </summary>
    ChangesToCome,

    /// <summary>
    /// Exceptions after the coming year, yearly ones that have no date in it, and those for which there is no room.
    /// </summary>
    LaterExceptions,

    /// <summary>A temporary closure, or its first or last date.</summary>
    TemporaryClosure,

    /// <summary>That it is permanently closed and not only closed, or the first date of that.</summary>
    ClosedForGood,

    /// <summary>A period or a closed part of a kind that the format does not have.</summary>
    Periods,
}
