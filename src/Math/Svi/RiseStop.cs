namespace FitCluster.Math.Svi;

/// <summary>Early stopping: a fit ends after so many consecutive epochs whose loss rose by so much.</summary>
/// <param name="Rise">The rise from one epoch to the next that counts, above 0, in the unit of the loss.</param>
/// <param name="Epochs">The epochs, 1 or more.</param>
public readonly record struct RiseStop(double Rise, int Epochs)
{
    /// <summary>Consecutive rises after an epoch, from those before it.</summary>
    /// <param name="rises">Those before it.</param>
    /// <param name="loss">Its mean loss, finite.</param>
    /// <param name="previous">The loss of the epoch before; infinite where there is none to compare with.</param>
    public double Next(double rises, double loss, double previous) => loss - previous >= Rise ? rises + 1 : 0;

    /// <summary>Whether the fit ends.</summary>
    public bool IsReached(double rises) => rises >= Epochs;
}
