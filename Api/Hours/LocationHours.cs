using Api.Http;
using NodaTime;

namespace Api.Hours;

/// <summary>The weekly hours of a location, and what departs from them in the coming year.</summary>
/// <param name="Location">The location's slug.</param>
/// <param name="TimeZone">The IANA time zone that all times of day are local to.</param>
/// <param name="ValidFrom">The first local date on which these hours hold; <c>null</c> when they have no beginning.</param>
/// <param name="Days">All seven days from Monday on; <c>null</c> when the hours are not known, which is not the same as closed.</param>
/// <param name="Text">The same for people: <c>Monday to Friday 8:00 am–5:00 pm; Saturday and Sunday closed</c>.</param>
/// <param name="Changes">
/// Weekly hours that take the place of these later, in order. Empty when none are planned. A location that is going to be closed
/// for good has a last one without periods.
/// </param>
/// <param name="Exceptions">The days of the coming 366 on which an exception decides, in order. Its days that are as usual are not among them.</param>
/// <param name="VerifiedAt">When somebody last made sure that all this is right, UTC; <c>null</c> when that is not known.</param>
public sealed record LocationHours(
    string Location, string TimeZone, LocalDate? ValidFrom, IReadOnlyList<DayHours>? Days, string Text,
    IReadOnlyList<HoursChange> Changes, IReadOnlyList<ExceptionDays> Exceptions, Instant? VerifiedAt);

/// <summary>The hours of one day of the week.</summary>
/// <param name="Day">The day of the week.</param>
/// <param name="Closed">Whether the location is closed on that day, which is when there are no periods.</param>
/// <param name="Periods">The periods that open on that day, in order.</param>
public sealed record DayHours(IsoDayOfWeek Day, bool Closed, IReadOnlyList<Period> Periods);

/// <summary>Weekly hours that hold from a date on.</summary>
/// <param name="ValidFrom">The first local date on which they hold.</param>
/// <param name="Days">All seven days from Monday on.</param>
/// <param name="Text">The same for people.</param>
public sealed record HoursChange(LocalDate ValidFrom, IReadOnlyList<DayHours> Days, string Text);

/// <summary>Days in a row that depart from the weekly hours in the same way.</summary>
/// <param name="StartsOn">The first of them, a local date.</param>
/// <param name="EndsOn">The last of them, a local date.</param>
/// <param name="Closed">Whether no period opens on them.</param>
/// <param name="Periods">The periods that open on them, in order; <c>null</c> when only the closed parts are known.</param>
/// <param name="ClosedParts">When it is closed all the same, whichever period that cuts short. Mostly empty, 20 at most.</param>
/// <param name="Text">Why, and what holds, for people: <c>Christmas Day, closed</c>.</param>
public sealed record ExceptionDays(
    LocalDate StartsOn, LocalDate EndsOn, bool Closed, IReadOnlyList<Period>? Periods, IReadOnlyList<ClosedPart> ClosedParts, string Text);

/// <summary>A part of a day in which it is closed.</summary>
/// <param name="From">Its first moment, local, HH:mm.</param>
/// <param name="To">The first moment after it, local, HH:mm; on the next day when it is not after <c>from</c>.</param>
/// <param name="Reason">Why, in the words in which it was entered.</param>
public sealed record ClosedPart(LocalTime From, LocalTime To, string Reason);

/// <summary>Whether a location is open at an instant, and what happens next.</summary>
/// <param name="Location">The location's slug.</param>
/// <param name="TimeZone">The IANA time zone of the location.</param>
/// <param name="State">Whether it is open.</param>
/// <param name="Access">How patients are seen in the period that it is in; <c>null</c> when it is in none.</param>
/// <param name="Note">What else is to be known of that period; <c>null</c> when there is nothing.</param>
/// <param name="OpensAt">
/// The next opening, with or without appointment. If it is open now, the opening after the coming closing. <c>null</c> when there
/// is none in the 366 days after the local date, or when hours that are not known lie before it.
/// </param>
/// <param name="ClosesAt">
/// The next closing. If it is closed now, the closing after the coming opening. A change from one access to another is no closing.
/// <c>null</c> when there is none in the 366 days after the local date, or when hours that are not known lie before it.
/// </param>
/// <param name="Reason">Which rule decided, in words: <c>Christmas Day, closed</c>, or <c>Monday, 8:00 am–5:00 pm</c>.</param>
/// <param name="Text">The status in a sentence, to be shown as it is: <c>Closed. Opens Monday at 8:00 am</c>.</param>
/// <param name="ValidUntil">
/// The first instant at which anything else in this answer changes, in any language, UTC; <c>null</c> when nothing does in the 366
/// days after the local date.
/// </param>
public sealed record LocationStatus(
    string Location, string TimeZone, State State, AccessMode? Access, string? Note,
    PointInTime? OpensAt, PointInTime? ClosesAt, string Reason, string Text, Instant? ValidUntil);

/// <summary>What really holds on each date of a range.</summary>
/// <param name="Location">The location's slug.</param>
/// <param name="TimeZone">The IANA time zone that the dates are local to.</param>
/// <param name="From">The first date.</param>
/// <param name="To">The last date.</param>
/// <param name="Days">Every date from the first to the last.</param>
/// <param name="OpenMinutes">For how many minutes it is open on all of them together; <c>null</c> when that is not known of one.</param>
public sealed record LocationCalendar(
    string Location, string TimeZone, LocalDate From, LocalDate To, IReadOnlyList<CalendarDate> Days, int? OpenMinutes);

/// <summary>One date of a calendar.</summary>
/// <param name="Date">The local date.</param>
/// <param name="Day">The day of the week.</param>
/// <param name="Kind">
/// What decides about it. An exception that only closes a part of the day is one, too, even where the other hours are not known.
/// <c>unknown</c> also where an exception says that the weekly hours hold and those are not known.
/// </param>
/// <param name="Reason">The rule in words: <c>Christmas Day, closed</c>.</param>
/// <param name="Periods">
/// The periods that open on that date, as they come to pass: without what is closed, those that touch as one, none twice.
/// The last may end on the next date. Empty: closed. <c>null</c>: not known.
/// </param>
/// <param name="OpenMinutes">
/// For how many minutes it is open (or open by appointment) between the beginning and the end of the date, counted in
/// instants: all day long is 1380 minutes when clocks go forward and 1500 when they go back. <c>null</c> when not known.
/// </param>
public sealed record CalendarDate(
    LocalDate Date, IsoDayOfWeek Day, DayKind Kind, string Reason, IReadOnlyList<CalendarPeriod>? Periods, int? OpenMinutes);

/// <summary>A period on a date.</summary>
/// <param name="Opens">Its first moment.</param>
/// <param name="Closes">The first moment after it.</param>
/// <param name="Access">How patients are seen during it.</param>
/// <param name="Note">What else is to be known of it; <c>null</c> when there is nothing.</param>
public sealed record CalendarPeriod(PointInTime Opens, PointInTime Closes, AccessMode Access, string? Note);
