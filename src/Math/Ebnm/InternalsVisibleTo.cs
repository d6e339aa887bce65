[assembly: System.Runtime.CompilerServices.InternalsVisibleTo("FitCluster.Math.Tests")]
