using System.Globalization;
using Api.Http;
using NodaTime;

namespace Api.Hours;

/// <summary>Whether a location is open at an instant, and what changes next.</summary>
/// <param name="Location">The location's slug.</param>
/// <param name="TimeZone">The IANA time zone of the location.</param>
/// <param name="State">Whether it is open.</param>
/// <param name="IsOpen">
/// Whether patients are seen, with or without an appointment; <c>null</c> if the hours are not known.
/// </param>
/// <param name="Access">How patients are seen in the period that is running; <c>null</c> outside all periods.</param>
/// <param name="Note">The note of the period that is running; <c>null</c> if there is none.</param>
/// <param name="OpensAt">
/// The next opening, with or without appointment. If it is open now, the opening after the coming closing. <c>null</c>
/// if there is none in the 366 days after the local date, or if unknown hours come before it.
/// </param>
/// <param name="ClosesAt">
/// The next closing. If it is closed now, the closing after the coming opening. A change of access is not a closing.
/// <c>null</c> if there is none in the 366 days after the local date, or if unknown hours come before it.
/// </param>
/// <param name="Reason">
/// The rule that decides, in words: <c>Christmas Day, closed</c> or <c>Monday, 8:00 am–5:00 pm</c>.
/// </param>
/// <param name="Text">The status as a sentence to show: <c>Closed. Opens Monday at 8:00 am</c>.</param>
/// <param name="ValidUntil">
/// Until then nothing in this answer changes, in any language (UTC). <c>null</c> if nothing changes in the 366 days
/// after the local date.
/// </param>
public sealed record LocationStatus(
    string Location,
    string TimeZone,
    State State,
    bool? IsOpen,
    AccessMode? Access,
    string? Note,
    PointInTime? OpensAt,
    PointInTime? ClosesAt,
    string Reason,
    string Text,
    Instant? ValidUntil
)
{
    internal static LocationStatus Of(LocationSchedule location, Instant instant, CultureInfo language)
    {
        var schedule = location.Schedule;
        var status = schedule.StatusAt(instant);
        var text = HoursText.In(language);
        return new LocationStatus(
            location.Location,
            schedule.Zone.Id,
            status.Moment.State,
            status.Moment.IsOpenIfKnown,
            status.Moment.Period?.Access,
            status.Moment.Period?.Note,
            PointsInTime.Of(status.OpensAt, schedule.Zone),
            PointsInTime.Of(status.ClosesAt, schedule.Zone),
            text.FormatReason(status.Moment, schedule.Closure),
            text.FormatStatus(status, schedule.Zone),
            status.ValidUntil
        );
    }
}
