namespace FitCluster.Math.Models;

/// <summary>
/// A job cannot be opened in this place (its data are not to be seen here, or are others), but may be
/// in another: whoever asked should go there.
/// </summary>
/// <param name="message">One sentence: what, and where.</param>
/// <param name="inner">The cause.</param>
public sealed class JobNotHereException(string message, Exception? inner = null) : Exception(message, inner);
