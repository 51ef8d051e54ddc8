namespace Api.Http;

/// <summary>The sentences of problems, in the language of the request.</summary>
static class ProblemText
{
    static readonly Texts Texts = new(typeof(ProblemText));

    /// <inheritdoc cref="Texts.Get"/>
    public static string Get(string name, params object?[] values) => Texts.Get(name, values);
}
