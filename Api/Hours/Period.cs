using NodaTime;

namespace Api.Hours;

/// <summary>
/// A stretch of time on one day, by the clock on the wall. It begins with <c>opens</c>, which belongs to it, and ends with
/// <c>closes</c>, which does not. When <c>closes</c> is not after <c>opens</c> it ends on the next day; 00:00 to 00:00 is
/// the whole day.
/// </summary>
public sealed record Period
{
    /// <exception cref="ArgumentException">Both are the same, and not midnight: that could mean all or nothing.</exception>
    public Period(LocalTime opens, LocalTime closes)
    {
        if (opens == closes && opens != LocalTime.Midnight)
            throw new ArgumentException("A period that closes when it opens is only possible from 00:00 to 00:00, the whole day.");
        (Opens, Closes) = (opens, closes);
    }

    /// <summary>The first moment of the period, local, HH:mm.</summary>
    public LocalTime Opens { get; }

    /// <summary>The first moment after the period, local, HH:mm; on the next day when it is not after <c>opens</c>.</summary>
    public LocalTime Closes { get; }

    /// <summary>Whether it lasts from midnight to midnight.</summary>
    internal bool IsAllDay => Opens == LocalTime.Midnight && Closes == LocalTime.Midnight;
}
