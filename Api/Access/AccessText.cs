using Api.Http;

namespace Api.Access;

/// <summary>The sentences about credentials.</summary>
static class AccessText
{
    public static Texts Texts { get; } = new(typeof(AccessText));
}
