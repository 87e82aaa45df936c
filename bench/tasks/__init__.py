"""Purchase and churn: the model beside what careful engineers would use instead."""
