using NodaTime;

namespace Api.Hours;

/// <summary>
/// A stretch of time on one day, by the clock on the wall. It begins with <c>opens</c>, which belongs to it, and ends with
/// <c>closes</c>, which does not. When <c>closes</c> is not after <c>opens</c> it ends on the next day; 00:00 to 00:00 is
/// the whole day. It belongs to the day on which it opens.
/// </summary>
public sealed record Period
{
    /// <exception cref="ArgumentException">Both are the same, and not midnight: that could mean all or nothing.</exception>
    public Period(LocalTime opens, LocalTime closes, AccessMode access = AccessMode.Open, string? note = null)
    {
        if (opens == closes && opens != LocalTime.Midnight)
            throw new ArgumentException("A period that closes when it opens is only possible from 00:00 to 00:00, the whole day.");
        (Opens, Closes, Access, Note) = (opens, closes, access, note);
    }

    /// <summary>The first moment of the period, local, HH:mm.</summary>
    public LocalTime Opens { get; }

    /// <summary>The first moment after the period, local, HH:mm; on the next day when it is not after <c>opens</c>.</summary>
    public LocalTime Closes { get; }

    /// <summary>How patients are seen during it.</summary>
    public AccessMode Access { get; }

    /// <summary>What else a visitor should know of it, plain text; <c>null</c> when there is nothing.</summary>
    public string? Note { get; }

    /// <summary>Whether it lasts from midnight to midnight.</summary>
    internal bool IsAllDay => Opens == LocalTime.Midnight && Closes == LocalTime.Midnight;

    /// <summary>Whether it ends on the day after the one on which it opens. The whole day does, at its midnight.</summary>
    internal bool EndsNextDay => Closes <= Opens;
}

/// <summary>How patients are seen during a period.</summary>
public enum AccessMode
{
    /// <summary>The doors are open.</summary>
    Open,

    /// <summary>Only those who have an appointment are seen.</summary>
    ByAppointment,

    /// <summary>Patients are seen without an appointment.</summary>
    WalkIn,

    /// <summary>Nobody is seen; the telephone is answered. It does not count as open.</summary>
    TelephoneOnly,
}
