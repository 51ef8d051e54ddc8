using NodaTime;

namespace Api.Hours;

/// <summary>
/// A stretch of wall-clock time. It includes <c>opens</c> and excludes <c>closes</c>. If <c>closes</c> is not after
/// <c>opens</c>, the period ends on the next day; 00:00 to 00:00 is the whole day. A period belongs to the day on
/// which it opens.
/// </summary>
public sealed record Period
{
    /// <exception cref="ArgumentException">
    /// Both times are the same and not midnight, which could mean the whole day or nothing.
    /// </exception>
    public Period(LocalTime opens, LocalTime closes, AccessMode access = AccessMode.Open, string? note = null)
    {
        if (opens == closes && opens != LocalTime.Midnight)
            throw new ArgumentException("Only a period of the whole day, 00:00 to 00:00, closes when it opens.");
        (Opens, Closes, Access, Note) = (opens, closes, access, note);
    }

    /// <summary>The local time at which the period begins, HH:mm.</summary>
    public LocalTime Opens { get; }

    /// <summary>
    /// The local time at which the period ends, HH:mm; on the next day if it is not after <c>opens</c>.
    /// </summary>
    public LocalTime Closes { get; }

    /// <summary>How patients are seen during the period.</summary>
    public AccessMode Access { get; }

    /// <summary>A note for visitors, plain text; <c>null</c> if there is none.</summary>
    public string? Note { get; }

    /// <summary>Whether the period lasts from midnight to midnight.</summary>
    internal bool IsAllDay => Opens == LocalTime.Midnight && Closes == LocalTime.Midnight;

    /// <summary>Whether the period ends on the next day. The whole day does, at midnight.</summary>
    internal bool EndsNextDay => Closes <= Opens;
}

/// <summary>How patients are seen.</summary>
public enum AccessMode
{
    /// <summary>The doors are open.</summary>
    Open,

    /// <summary>Only patients with an appointment are seen.</summary>
    ByAppointment,

    /// <summary>Patients are seen without an appointment.</summary>
    WalkIn,

    /// <summary>Nobody is seen, but the telephone is answered. This does not count as open.</summary>
    TelephoneOnly,
}
