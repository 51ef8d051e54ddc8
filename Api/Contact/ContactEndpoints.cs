using Api.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;

namespace Api.Contact;

static class ContactEndpoints
{
    public static void MapContact(this IEndpointRouteBuilder routes)
    {
        var limits = routes.ServiceProvider.GetRequiredService<IOptions<ContactOptions>>().Value.Limits;
        var submissions = routes.MapGroup("/contact-submissions").WithTags("Contact")
            .WithRateLimits("contact", limits.PerClient, limits.Overall).WithValidation().ReceivesJson();
        submissions.MapPost("/", AddAsync).WithName("createContactSubmission");
        routes.MapGet("/contact-challenge", NewChallenge).WithName("getContactChallenge").WithTags("Contact");
    }

    /// <summary>Sends a message to the clinic</summary>
    /// <remarks>
    /// Answered 201 only once the message is on disk, so a message that was acknowledged is never lost. A 422 names every
    /// broken rule at once and stores nothing. Only so many messages are taken from one address, and from all together:
    /// `RateLimit` tells what is left, and a 429 when to try again. What is refused or fails is not counted.
    /// </remarks>
    static async Task<Results<Created<ContactReceipt>, Problem<Problems.Invalid>>> AddAsync(
        Body<ContactSubmission> body, ContactStore store, HttpContext http)
    {
        // Not cancelled with the request: a sender whose connection breaks now has still written to us.
        var receipt = await store.AddAsync(body.Value, CancellationToken.None);
        if (receipt is null) return Problems.Broken(FieldError.At("#/location", ContactValidator.NoSuchLocation));
        http.Response.Headers.CacheControl = "no-store";
        return TypedResults.Created((string?)null, receipt);
    }

    /// <summary>A challenge for the sender's browser</summary>
    /// <remarks>
    /// Proof of work against mass mailing, without cookies and third parties: ALTCHA, version 1 of its protocol. Give this address to the
    /// widget of the npm package `altcha` 2 as its `challengeurl`. Every answer is another challenge, which can be solved and
    /// sent back once, until it expires. Where none is wanted, this is a 404.
    /// </remarks>
    static Results<Ok<ContactChallenge>, Problem<Problems.NotFound>> NewChallenge(Altcha altcha, ChallengeOptions options, HttpContext http)
    {
        if (options.Mode == ChallengeMode.Off) return new Problem<Problems.NotFound>("No challenge is needed: send the message without one.");
        http.Response.Headers.CacheControl = "no-store";
        return TypedResults.Ok(altcha.NewChallenge());
    }
}
