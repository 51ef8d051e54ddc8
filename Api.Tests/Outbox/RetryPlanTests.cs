using Api.Outbox;
using NodaTime;

namespace Api.Tests.Outbox;

public sealed class RetryPlanTests
{
    static readonly Duration[] Planned =
    [
        Duration.FromSeconds(5),
        Duration.FromMinutes(5),
        Duration.FromMinutes(30),
        Duration.FromHours(2),
        Duration.FromHours(5),
        Duration.FromHours(10),
        Duration.FromHours(14),
        Duration.FromHours(20),
        Duration.FromHours(24),
    ];

    [Fact]
    public void There_are_ten_attempts_over_three_days()
    {
        Assert.Equal(
            Planned,
            Enumerable.Range(1, 9).Select(attempts => RetryPlan.DelayAfter(attempts, null, 0)!.Value)
        );
        Assert.Null(RetryPlan.DelayAfter(10, null, 0));
        Assert.Null(RetryPlan.DelayAfter(10, Duration.FromHours(1), 0));
    }

    [Fact]
    public void A_delay_is_lengthened_by_up_to_a_tenth()
    {
        Assert.Equal(
            Planned.Select(delay => delay * 1.05),
            Enumerable.Range(1, 9).Select(attempts => RetryPlan.DelayAfter(attempts, null, 0.5)!.Value)
        );
        Assert.Equal(Duration.FromSeconds(5.5), RetryPlan.DelayAfter(1, null, 1));
    }

    [Fact]
    public void A_peer_can_ask_for_more_time_but_not_for_less_nor_for_more_than_a_day()
    {
        Assert.Equal(Duration.FromHours(1), RetryPlan.DelayAfter(1, Duration.FromHours(1), 0));
        Assert.Equal(Duration.FromSeconds(5), RetryPlan.DelayAfter(1, Duration.FromSeconds(1), 0));
        Assert.Equal(Duration.FromSeconds(5), RetryPlan.DelayAfter(1, Duration.FromDays(-400), 0));
        Assert.Equal(Duration.FromHours(24), RetryPlan.DelayAfter(1, Duration.FromDays(400), 0));
    }
}
