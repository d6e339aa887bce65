namespace FitCluster.Engine;

/// <summary>An engine of a cluster cannot be used: one sentence that says what and why, without a password.</summary>
/// <param name="message">The sentence.</param>
/// <param name="inner">The cause.</param>
public sealed class ClusterEngineException(string message, Exception? inner = null) : Exception(message, inner);
