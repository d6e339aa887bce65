using FitCluster.Messages;

namespace FitCluster.Math.Models;

/// <summary>Where a fit stood when a limit ended it early: with a larger limit it goes on from the state after this round.</summary>
/// <param name="Round">The rounds done when the limit was reached.</param>
/// <param name="Seconds">The seconds spent by then, over all attempts.</param>
public sealed record ResumePoint(Round Round, double Seconds);
