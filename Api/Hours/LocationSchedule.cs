using NodaTime;

namespace Api.Hours;

/// <summary>The schedule of a location.</summary>
/// <param name="Location">The location's slug.</param>
/// <param name="Schedule">The rules that decide when it is open.</param>
/// <param name="VerifiedAt">When somebody last verified the rules; <c>null</c> if that is not known.</param>
sealed record LocationSchedule(string Location, Schedule Schedule, Instant? VerifiedAt);
