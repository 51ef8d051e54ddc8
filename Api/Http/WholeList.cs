namespace Api.Http;

/// <summary>A list that is never paged.</summary>
/// <param name="Items">All items, in the order of the list.</param>
public sealed record WholeList<T>(IReadOnlyList<T> Items);
