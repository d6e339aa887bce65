namespace FitCluster.Math.Models;

/// <summary>A state is of a form that this program does not read.</summary>
/// <param name="what">What is the case, in a sentence without its end.</param>
public sealed class StateFormatException(string what)
    : Exception($"{what}: finish the fit with the version of FitCluster that began it, or begin it anew (--fresh, or another name)");
