namespace Api;

/// <summary>
/// A fault that prevents the start and that the operator can correct. Its message is one sentence that says what is
/// wrong and what to do. It is printed without a stack trace, and the program exits with 1.
/// </summary>
#pragma warning disable CA1032, CA1064 // Thrown and caught by this program only, always with a sentence
sealed class StartupFault(string sentence, Exception? cause = null) : Exception(sentence, cause);
#pragma warning restore CA1032, CA1064
