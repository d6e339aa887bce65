using System.Diagnostics.CodeAnalysis;

namespace FitCluster.Math.TwinEb;

/// <summary>Which priors are mixtures that are learnt.</summary>
public enum TwinEbPrior
{
    /// <summary>A mixture on rows and a mixture on columns.</summary>
    Twin,

    /// <summary>A mixture on rows; the columns' prior is fixed.</summary>
    Rows,

    /// <summary>A mixture on columns; the rows' prior is fixed.</summary>
    Columns,

    /// <summary>One learnt component a side, the same for all factors.</summary>
    [SuppressMessage("Naming", "CA1720", Justification = "The field's own term: TwinEB-Single.")]
    Single,

    /// <summary>Both priors are fixed, the same for all factors.</summary>
    Fixed,
}
