using Microsoft.Extensions.Time.Testing;

namespace Api.Tests;

/// <summary>
/// A clock that stands still until a test moves it. However far it jumps, a periodic timer fires once, as on a machine
/// that was suspended. One of <see cref="FakeTimeProvider"/> fires for every period that has passed: 86,400 times for a
/// day of seconds.
/// </summary>
public sealed class JumpingClock(DateTimeOffset now) : FakeTimeProvider(now)
{
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        if (period <= TimeSpan.Zero)
            return base.CreateTimer(callback, state, dueTime, period);
        var timer = new CoalescingTimer(period);
        timer.Start(
            base.CreateTimer(
                _ => timer.Fire(callback, state),
                null,
                Timeout.InfiniteTimeSpan,
                Timeout.InfiniteTimeSpan
            ),
            dueTime
        );
        return timer;
    }

    /// <summary>Fires once, and then waits for its period from then on.</summary>
    sealed class CoalescingTimer(TimeSpan period) : ITimer
    {
        ITimer once = null!;
        TimeSpan period = period;

        public void Start(ITimer timer, TimeSpan dueTime)
        {
            once = timer;
            once.Change(dueTime, Timeout.InfiniteTimeSpan);
        }

        public void Fire(TimerCallback callback, object? state)
        {
            once.Change(period, Timeout.InfiniteTimeSpan);
            callback(state);
        }

        public bool Change(TimeSpan dueTime, TimeSpan next)
        {
            period = next;
            return once.Change(dueTime, Timeout.InfiniteTimeSpan);
        }

        public void Dispose() => once.Dispose();

        public ValueTask DisposeAsync() => once.DisposeAsync();
    }
}
