using System.Collections.Concurrent;
using System.Diagnostics;
using Api.Data;
using Microsoft.Extensions.Options;
using NodaTime;
using NodaTime.Extensions;

namespace Api.Outbox;

/// <summary>
/// Delivers what is in the outbox. One worker sends mail and one calls each webhook, so that none holds up another. A
/// worker claims what it delivers, so that several processes on one database do not deliver the same. Every delivery is
/// made at least once: if the program ends between a delivery and its record, it is made again with the same id.
/// </summary>
sealed partial class OutboxDelivery(
    OutboxStore store,
    OutboxSignal signal,
    IOptions<MailOptions> mailOptions,
    IOptions<WebhookOptions> webhookOptions,
    MailSender mailSender,
    WebhookSender webhookSender,
    OutboxMetrics metrics,
    TimeProvider time,
    ILogger<OutboxDelivery> log
) : BackgroundService
{
    /// <summary>How many deliveries are claimed at a time. A backlog of any size stays in the database.</summary>
    const int MailBatch = 50,
        WebhookBatch = 32;

    /// <summary>How many calls of one webhook run at once.</summary>
    const int SimultaneousCalls = 4;

    /// <summary>
    /// The longest time between two reads of the outbox. The commands write to it from another process, which sends no
    /// signal.
    /// </summary>
    static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(15);

    /// <summary>
    /// How long a worker leaves an unreachable receiver alone. Otherwise it would try a whole backlog one by one in
    /// vain, while new messages wait for the database.
    /// </summary>
    static readonly Duration OutOfReachPause = Duration.FromSeconds(5);

    /// <summary>Smaller backward clock steps are ignored: they delay an attempt by at most this long.</summary>
    static readonly Duration ClockTolerance = Duration.FromSeconds(1);

    static readonly Task Never = new TaskCompletionSource().Task;

    readonly MailOptions mail = mailOptions.Value;
    readonly IReadOnlyList<WebhookEndpoint> webhooks = webhookOptions.Value.ReadEndpoints();
    readonly TaskCompletionSource begun = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>
    /// Called when the database is ready. The openapi command starts the host, too, and must not deliver anything.
    /// </summary>
    public void Begin() => begun.TrySetResult();

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await begun.Task.WaitAsync(stoppingToken);
            await RunGuardedAsync("The outbox", PrepareAsync, stoppingToken);
            await Task.WhenAll([
                WatchAsync(stoppingToken),
                .. CreateWorkers().Select(worker => WorkAsync(worker, stoppingToken)),
            ]);
        }
        catch (Exception) when (stoppingToken.IsCancellationRequested)
        {
            // Unfinished deliveries are made again after the next start.
        }
    }

    /// <summary>Something that delivers.</summary>
    /// <param name="Name">Its name in the log.</param>
    /// <param name="Sources">The channels and targets that it delivers.</param>
    /// <param name="DeliverAsync">Delivers a batch of what is due.</param>
    sealed record Worker(
        string Name,
        IReadOnlyList<(string Channel, string? Target)> Sources,
        Func<Instant, CancellationToken, Task<Progress>> DeliverAsync
    );

    /// <summary>The result of a batch.</summary>
    /// <param name="HasTried">Whether something was tried, so that more may be due.</param>
    /// <param name="OutOfReachAt">When the receiver was found to be out of reach; <c>null</c> when it was not.</param>
    readonly record struct Progress(bool HasTried, Instant? OutOfReachAt);

    /// <summary>An attempt that has ended.</summary>
    readonly record struct Attempt(Outcome Outcome, Instant StartedAt, Instant EndedAt);

    IEnumerable<Worker> CreateWorkers()
    {
        if (mail.IsOn)
        {
            List<(string, string?)> sources = [(Channel.Mail, null)];
            if (mail.Acknowledge)
                sources.Add((Channel.Acknowledgement, null));
            yield return new Worker("Mail", sources, (now, ct) => SendMailsAsync(sources, now, ct));
        }
        foreach (var endpoint in webhooks)
        {
            yield return new Worker(
                $"Webhook {endpoint.Name}",
                [(Channel.Webhook, endpoint.Name)],
                (now, ct) => CallWebhookAsync(endpoint, now, ct)
            );
        }
    }

    async Task WorkAsync(Worker worker, CancellationToken ct)
    {
        while (true)
        {
            ct.ThrowIfCancellationRequested();
            var written = signal.NextAsync();
            var progress = default(Progress);
            var now = time.GetCurrentInstant();
            Instant? nextDue = null;
            var succeeded = await RunGuardedAsync(
                worker.Name,
                async ct =>
                {
                    progress = await worker.DeliverAsync(now, ct);
                    if (!progress.HasTried)
                        nextDue = await FindNextDueAsync(worker, now, ct);
                },
                ct
            );

            // Counted from the end of the attempt: a receiver that hangs takes longer than the pause.
            if (progress.OutOfReachAt is { } outOfReachAt)
                await PauseAsync(outOfReachAt + OutOfReachPause, Never, ct);
            if (progress.HasTried)
                continue;
            // After a fault only time helps.
            await PauseAsync(nextDue, succeeded ? written : Never, ct);
        }
    }

    async Task<Instant?> FindNextDueAsync(Worker worker, Instant now, CancellationToken ct)
    {
        List<Instant> due = [];
        foreach (var source in worker.Sources)
        {
            if (await store.FindNextDueAsync(source, now, ct) is { } next)
                due.Add(next);
        }
        return due.Count == 0 ? null : due.Min();
    }

    /// <summary>Waits until something is due, something was written, or the longest pause is over.</summary>
    async Task PauseAsync(Instant? due, Task written, CancellationToken ct)
    {
        var pause = due is { } next ? (next - time.GetCurrentInstant()).ToTimeSpan() : LongestPause;
        if (pause > LongestPause)
            pause = LongestPause;
        if (pause <= TimeSpan.Zero)
            return;

        var pausing = written.WaitAsync(pause, time, ct);
        // The clock may have moved on before the timer was set.
        if (due <= time.GetCurrentInstant())
            return;
        await pausing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        ct.ThrowIfCancellationRequested();
    }

    /// <summary>Watches for a clock that is set back, and counts the deliveries for the metrics.</summary>
    async Task WatchAsync(CancellationToken ct)
    {
        var (wall, stamp) = (time.GetCurrentInstant(), time.GetTimestamp());
        while (true)
        {
            await RunGuardedAsync("The outbox", async ct => metrics.Show(await store.CountAsync(ct)), ct);
            await Task.Delay(LongestPause, time, ct);
            var now = time.GetCurrentInstant();
            var elapsed = Duration.Max(time.GetElapsedTime(stamp).ToDuration(), Duration.Zero);
            var setBack = wall + elapsed - now;
            (wall, stamp) = (now, time.GetTimestamp());
            if (setBack <= ClockTolerance)
                continue;
            await RunGuardedAsync(
                "The outbox",
                async ct =>
                {
                    LogClockSetBack((long)setBack.TotalSeconds);
                    await store.MakeAllDueAsync(ct);
                    signal.Set();
                },
                ct
            );
        }
    }

    async Task PrepareAsync(CancellationToken ct)
    {
        await store.MakeDueIfTriedAfterAsync(time.GetCurrentInstant(), ct);
        var givenUp = await store.GiveUpUnconfiguredAsync(time.GetCurrentInstant(), ct);
        if (givenUp > 0)
            LogUnconfigured(givenUp);
        var configuration = DescribeConfiguration();
        LogConfigured(configuration);
    }

    string DescribeConfiguration()
    {
        List<string> parts = [];
        if (mail.IsOn)
        {
            var security = mail.Security switch
            {
                MailSecurity.StartTls => "STARTTLS",
                MailSecurity.Tls => "TLS",
                _ => "no TLS",
            };
            var count = mail.Recipients.Values.SelectMany(addresses => addresses).Distinct().Count();
            parts.Add(
                $"mail to {count} {(count == 1 ? "recipient" : "recipients")} by {mail.Host}:{mail.Port} ({security})"
            );
            parts.Add($"acknowledgements {(mail.Acknowledge ? "on" : "off")}");
        }
        if (webhooks.Count > 0)
            parts.Add($"webhooks: {string.Join(", ", webhooks)}");
        return parts.Count == 0 ? "none" : string.Join(", ", parts);
    }

    async Task<Progress> SendMailsAsync(IReadOnlyList<(string, string?)> sources, Instant now, CancellationToken ct)
    {
        if (await store.ClaimAsync(sources, now, MailBatch, ct) is not { } claim)
            return default;
        List<Attempt> attempts = [];
        await HoldAsync(
            claim,
            async () =>
            {
                var startedAt = time.GetCurrentInstant();
                await foreach (var (deliveries, outcome) in mailSender.SendAsync(claim.Deliveries, ct))
                {
                    var attempt = new Attempt(outcome, startedAt, time.GetCurrentInstant());
                    attempts.AddRange(Enumerable.Repeat(attempt, deliveries.Count));
                    await RecordAsync(claim, deliveries, attempt, ct);
                    startedAt = time.GetCurrentInstant();
                    if (!claim.Lasts(startedAt))
                        break;
                }
            },
            ct
        );
        return Report("Mail", attempts);
    }

    async Task<Progress> CallWebhookAsync(WebhookEndpoint endpoint, Instant now, CancellationToken ct)
    {
        const string Disabled = "the webhook is disabled since its receiver answered HTTP 410";
        if (await store.GiveUpDisabledAsync(endpoint.Name, Disabled, now, ct) is { } givenUp)
        {
            if (givenUp > 0)
                LogDisabled(endpoint.Name, givenUp);
            return default;
        }

        if (await store.ClaimAsync([(Channel.Webhook, endpoint.Name)], now, WebhookBatch, ct) is not { } claim)
            return default;
        ConcurrentBag<Attempt> attempts = [];
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = SimultaneousCalls, CancellationToken = ct };
        await HoldAsync(
            claim,
            () =>
                Parallel.ForEachAsync(
                    claim.Deliveries,
                    parallel,
                    async (delivery, ct) =>
                    {
                        // Deliveries that are not tried now stay due.
                        if (attempts.Any(attempt => attempt.Outcome.IsGone || attempt.Outcome.IsOutOfReach))
                            return;
                        var startedAt = time.GetCurrentInstant();
                        if (!claim.Lasts(startedAt))
                            return;
                        var outcome = await webhookSender.SendAsync(endpoint, delivery, ct);
                        var attempt = new Attempt(outcome, startedAt, time.GetCurrentInstant());
                        attempts.Add(attempt);
                        await RecordAsync(claim, [delivery], attempt, ct);
                    }
                ),
            ct
        );
        return Report($"Webhook {endpoint.Name}", attempts);
    }

    /// <summary>Renews a claim while its work goes on, and gives back what was not tried.</summary>
    async Task HoldAsync(Claim claim, Func<Task> work, CancellationToken ct)
    {
        using var done = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var renewing = RenewAsync(claim, done.Token);
        try
        {
            await work();
        }
        finally
        {
            await done.CancelAsync();
            await renewing;
            // If this fails, the claim ends by itself.
            if (claim.Open.Length > 0)
                await RunGuardedAsync("The outbox", _ => store.ReleaseAsync(claim), CancellationToken.None);
        }
    }

    async Task RenewAsync(Claim claim, CancellationToken ct)
    {
        try
        {
            while (true)
            {
                await Task.Delay(Claim.RenewalPause, time, ct);
                var until = time.GetCurrentInstant() + Claim.Length;
                if (await RunGuardedAsync("The outbox", ct => store.RenewAsync(claim, until, ct), ct))
                    claim.Extend(until);
            }
        }
        catch (OperationCanceledException)
        {
            // The work is done.
        }
    }

    /// <summary>
    /// Records the result of an attempt, and returns once that is done. Nothing else may be delivered while it cannot
    /// be done: with a full disk the same mail would be sent again and again.
    /// </summary>
    async Task RecordAsync(Claim claim, IReadOnlyList<Delivery> deliveries, Attempt attempt, CancellationToken ct)
    {
        var (outcome, _, endedAt) = attempt;
        DeliveryState[] states = [.. deliveries.Select(delivery => RetryPlan.Decide(delivery, outcome, endedAt))];
        var goneWebhook = outcome.IsGone ? deliveries[0].Target : null;
        while (true)
        {
            try
            {
                await store.RecordAsync(claim, states, goneWebhook, endedAt);
                claim.Close(states);
                break;
            }
            catch (Exception e) when (!ct.IsCancellationRequested)
            {
                LogUnrecorded(e.GetType().Name);
                await Task.Delay(LongestPause, time, ct);
            }
        }
        foreach (var (delivery, state) in deliveries.Zip(states))
        {
            metrics.CountAttempt(delivery.Channel, state.State);
            Trace(delivery, attempt, state);
        }
    }

    /// <summary>Adds an attempt to the trace of the request that the delivery comes from.</summary>
    static void Trace(Delivery delivery, Attempt attempt, DeliveryState state)
    {
        ActivityContext.TryParse(delivery.TraceParent, null, isRemote: true, out var parent);
        using var span = Telemetry.Traces.StartActivity(
            $"deliver {delivery.Channel}",
            ActivityKind.Client,
            parent,
            startTime: attempt.StartedAt.ToDateTimeOffset()
        );
        span?.SetTag("clinic.delivery.channel", delivery.Channel)
            .SetTag("clinic.delivery.attempt", delivery.Attempts + 1)
            .SetTag("clinic.delivery.outcome", state.State)
            .SetStatus(
                attempt.Outcome.Fault is null ? ActivityStatusCode.Unset : ActivityStatusCode.Error,
                attempt.Outcome.Fault
            )
            .SetEndTime(attempt.EndedAt.ToDateTimeUtc());
    }

    Progress Report(string worker, IReadOnlyCollection<Attempt> attempts)
    {
        foreach (
            var fault in attempts
                .Where(attempt => attempt.Outcome.Fault is not null)
                .GroupBy(attempt => attempt.Outcome.Fault!)
        )
            LogUndelivered(worker, fault.Count(), attempts.Count, fault.Key);
        var outOfReach = attempts
            .Where(attempt => attempt.Outcome.IsOutOfReach)
            .Select(attempt => (Instant?)attempt.EndedAt);
        return new Progress(HasTried: true, outOfReach.Max());
    }

    /// <summary>
    /// Runs work whose failure must not stop the service, and logs only the exception's type. Its text could contain
    /// what a peer or a sender wrote.
    /// </summary>
    /// <returns>Whether it succeeded.</returns>
    async Task<bool> RunGuardedAsync(string who, Func<CancellationToken, Task> work, CancellationToken ct)
    {
        try
        {
            await work(ct);
            return true;
        }
        catch (Exception e) when (!ct.IsCancellationRequested)
        {
            LogFault(who, e is StorageException storage ? $"database, {storage.Fault}" : e.GetType().Name);
            return false;
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Notifications: {What}")]
    partial void LogConfigured(string what);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "{Count} deliveries were given up: their mail or webhook is no longer configured"
    )]
    partial void LogUnconfigured(int count);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Worker}: {Count} of {All} could not be delivered: {Fault}")]
    partial void LogUndelivered(string worker, int count, int all, string fault);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "Webhook {Name} is disabled since its receiver answered HTTP 410, and {Count} deliveries were "
            + "given up: outbox retry enables it"
    )]
    partial void LogDisabled(string name, int count);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "The clock was set back by {Seconds} seconds: all waiting deliveries are tried now"
    )]
    partial void LogClockSetBack(long seconds);

    [LoggerMessage(
        Level = LogLevel.Error,
        Message = "A delivery was made and cannot be recorded ({Fault}): nothing else is delivered until it can"
    )]
    partial void LogUnrecorded(string fault);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Who} had a fault and goes on: {Fault}")]
    partial void LogFault(string who, string fault);
}
