namespace Api.Formats;

/// <summary>A record in the words of another system, and what of it that system has no words for.</summary>
/// <param name="Body">What it can say.</param>
/// <param name="NotExpressed">What it cannot say, as the header <c>Not-Expressed</c> tells it; empty when all is said.</param>
sealed record Formatted<T>(T Body, IReadOnlyCollection<NotExpressed> NotExpressed);

/// <summary>What a format may be unable to say.</summary>
enum NotExpressed
{
    /// <summary>That hours are not known: the format has none then, which its readers may take for closed or for nothing.</summary>
    UnknownHours,

    /// <summary>Whether patients are seen with or without an appointment.</summary>
    AccessModes,

    /// <summary>Periods in which only the telephone is answered, which are left out.</summary>
    TelephoneOnly,

    /// <summary>The notes of periods.</summary>
    Notes,

    /// <summary>The reasons of exceptions.</summary>
    Reasons,

    /// <summary>Weekly hours that hold from a date to come, or from one that is more than a year away, or that there is no room for.</summary>
    ChangesToCome,

    /// <summary>Exceptions later than a year from now, yearly ones that do not hold within it, or those that there is no room for.</summary>
    LaterExceptions,

    /// <summary>A temporary closure, or its first or last day.</summary>
    TemporaryClosure,

    /// <summary>That it is closed for good, and not only closed, or from when on.</summary>
    ClosedForGood,

    /// <summary>A period, or a closed part of one, of a form that the format does not have.</summary>
    Periods,
}
