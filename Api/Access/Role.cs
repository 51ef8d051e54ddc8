namespace Api.Access;

/// <summary>What a credential allows.</summary>
public enum Role
{
    /// <summary>To read and handle messages.</summary>
    Inbox,

    /// <summary>To write articles, locations and hours.</summary>
    Content,

    /// <summary>Everything, and besides that the audit and erasure.</summary>
    Admin,
}
