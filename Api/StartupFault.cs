namespace Api;

/// <summary>
/// Something that keeps the program from starting and that its operator can mend. The message is one sentence that
/// says what is wrong and what to do; it is printed as it is, without a stack trace, and the program exits with 1.
/// </summary>
#pragma warning disable CA1032, CA1064 // Thrown and caught by this program only, always with a sentence
sealed class StartupFault(string sentence, Exception? cause = null) : Exception(sentence, cause);
#pragma warning restore CA1032, CA1064
